"""A tokenizer whose ids are the bytes of a text, so that every id can be read."""

import numpy as np


class ByteTokenizer:
    """Bytes are ids 0 to 255; control tokens follow. `bad`: texts that it gets wrong, for proofs."""

    libraries = ()

    def __init__(self, controls, begin=None, end=None, bad=()):
        self.controls = {name: 256 + at for at, name in enumerate(controls)}
        self.begin, self.end = begin, end
        self.size = 256 + len(controls)
        self.bad = bad

    def encode(self, texts):
        datas = [b"?" if text in self.bad else text.encode() for text in texts]
        ids = np.frombuffer(b"".join(datas), np.uint8).astype(np.int32)
        return ids, np.cumsum([0, *map(len, datas)]).astype(np.int64)

    def spell(self, ids, offsets):
        names = {number: name.encode() for name, number in self.controls.items()}
        said = [names.get(one) or bytes([one]) for one in ids.tolist()]
        return [
            b"".join(said[start:end])
            for start, end in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)
        ]

    def normal(self, texts):
        return [text.encode() for text in texts]
