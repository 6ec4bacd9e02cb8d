"""Everything that can happen to two runs of one plan: crashes, lost answers, refusals, outside edits and lost locks.

Breadth first over all states that can be reached. Left out is only what cannot make a difference: an edit comes
right before somebody touches that entry, or while nobody is at work; a crash comes right before something that others
can see, because a run that only looked has changed nothing; a lock is lost right before a step that it matters to; and
a call that was on its way then arrives when somebody touches that entry, or at the end.
"""

from collections import deque
from typing import NamedTuple

from model.state import Budget, Move, State, start
from model.steps import Rules
from model.world import RIGHT, World


class Explored(NamedTuple):
    states: int
    moves: int
    ended: list[State]
    """States in which nothing more can happen."""
    broken: dict[str, tuple[list[Move], str]]
    """By rule, the shortest way to break it, and what it says."""
    came: dict[State, tuple[State, Move]]

    def trace(self, state: State) -> list[Move]:
        """A shortest way to a state."""
        found = []
        while state in self.came:
            state, move = self.came[state]
            found.append(move)
        return found[::-1]


def explore(budget: Budget, rules: Rules = RIGHT, *, stop_at: str = "") -> Explored:
    """All that can be reached; `stop_at` names a rule after whose first violation nobody needs to look further."""
    world, first = World(rules), start(budget)
    found = Explored(0, 0, [], {}, {})
    queue, count, moves = deque([first]), 1, 0
    while queue and not (stop_at and stop_at in found.broken):
        state = queue.popleft()
        last = True
        for move in world.moves(state):
            further = world.after(state, move)
            last, moves = False, moves + 1
            if further not in found.came and further != first:
                found.came[further] = state, move
                count += 1
                queue.append(further)
            for sentence in world.broken:
                found.broken.setdefault(sentence.partition(":")[0], ([*found.trace(state), move], sentence))
            world.broken.clear()
        if last:
            found.ended.append(state)
    return found._replace(states=count, moves=moves)
