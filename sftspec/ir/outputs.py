"""What a spec writes: the chats whose tokens are asked for, and the formats."""

from attrs import frozen

from sftspec.ground.text import Span


@frozen(kw_only=True, eq=False, repr=False)
class Chat:
    """How conversations become tokens.

    The template is a built-in one, or the text (`source`) of the file at `path`. `tokenizer`: the
    path of a file or folder, from the root. An empty `date` is the template's own.
    """

    name: str
    builtin: str
    path: str
    source: str
    tokenizer: str
    window: int
    loss: str
    overflow: str
    calls: bool
    thinking: bool
    date: str
    span: Span


@frozen(kw_only=True, eq=False, repr=False)
class Emit:
    """A format to write, and the profile that says how.

    A format of tokens names its `chat`, whether samples are packed, and how many at most.
    """

    format: str
    profile: str
    span: Span
    chat: str = ""
    packed: bool = False
    most: int = 0
