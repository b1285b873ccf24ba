"""Places that differ in what is normal: who settles in, from K windows of normal life?"""
