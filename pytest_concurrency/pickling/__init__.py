"""Can this object cross to another process, and if not, why not?"""
