"""An engine with bad manners, all of them allowed: what must not change a byte of a build."""

import random

from msgspec.structs import replace

from sftspec.engine.work import ChunkTask, decode_task, encode_task, perform


class ScrambledEngine:
    """Tasks in a random order, each done twice, yielded in another order.

    The store compares: a second attempt that gives other bytes than the first is a fault.
    """

    name = "scrambled"

    def __init__(self, root, store, seed):
        self.root = root
        self.store = store
        self.dice = random.Random(seed)
        self.attempts = 0

    def map(self, tasks):
        waiting = [encode_task(task) for task in (*tasks, *tasks)]
        self.dice.shuffle(waiting)
        found = {}
        for data in waiting:
            self.attempts += 1
            task = decode_task(data)
            if data in found and isinstance(
                task, ChunkTask
            ):  # its bytes known, all is made again
                task = replace(task, chunk=replace(task.chunk, sha256=found[data].sha256))
            done = perform(task, self.root, self.store)
            assert found.setdefault(data, done).headers == done.headers
        ended = list(found.values())
        self.dice.shuffle(ended)
        yield from ended

    def close(self):
        pass
