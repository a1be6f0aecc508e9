"""LexOps itself: does it see, is it on time, does its store hold?"""
