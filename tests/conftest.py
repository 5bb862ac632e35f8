"""What holds for all tests."""

from hypothesis import settings

settings.register_profile("same", derandomize=True)
settings.load_profile("same")  # the same examples in every run: what is drawn anew is the matter of ``make fuzz``
