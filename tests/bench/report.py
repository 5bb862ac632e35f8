"""The figures as lines of text."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of both targets, in ``unit``. goal: what the gateway's is held against, with its words."""

    title: str
    unit: str
    plain: float
    gateway: float
    met: bool
    goal: str

    def line(self) -> str:
        """Title, both absolute values, their ratio, the goal and whether it is met."""
        ratio = f"{self.gateway / self.plain:6.2f}x" if self.plain > 0 else "      -"
        verdict = "met" if self.met else "MISSED"
        return (
            f"{self.title:44}{self.plain:10.4g} {self.unit:3}{self.gateway:10.4g} {self.unit:3}"
            f"{ratio}   {self.goal:26}{verdict}"
        )


HEAD = f"{'':44}{'pass-through':>14}{'gateway':>13}{'ratio':>8}   goal"


def ratio_figure(title: str, unit: str, plain: float, gateway: float, limit: float) -> Figure:
    """Held against so many times the pass-through."""
    return Figure(title, unit, plain, gateway, gateway <= limit * plain, f"<= {limit:g}x the pass-through")


def difference_figure(title: str, unit: str, plain: float, gateway: float, limit: float) -> Figure:
    """Held against the pass-through and so much more."""
    return Figure(title, unit, plain, gateway, gateway - plain <= limit, f"<= pass-through + {limit:g} {unit}")


def absolute_figure(title: str, unit: str, plain: float, gateway: float, limit: float) -> Figure:
    """Held against a number."""
    return Figure(title, unit, plain, gateway, gateway <= limit, f"<= {limit:g} {unit}")
