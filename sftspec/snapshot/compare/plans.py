"""What two plans say of templates and sources, in the names of now: what uses what, on either side."""

from sftspec.plan import graph as g
from sftspec.snapshot.compare.definitions import tag_lines
from sftspec.snapshot.compare.facets import facets_read
from sftspec.snapshot.compare.names import Compared


class Plans:
    """Two plans, asked by the names of now."""

    def __init__(self, two: Compared) -> None:
        self.names = two.names
        self.graphs = two.graphs
        old, new = (graph.definitions.get("template", {}) for graph in two.graphs)
        self._templates = (two.names.renamed("template", old), new)
        old_, new_ = (graph.sources for graph in two.graphs)
        self._sources = (two.names.renamed("source", old_), new_)

    def uses(self, template: str) -> set[tuple[str, str]]:
        """A template and all that it names, on either side."""
        was, now = (known.get(template, g.Definition("")) for known in self._templates)
        found = {("template", template)}
        for kind, some in was.uses.items():
            found |= {(kind, self.names.now(kind, name)) for name in some}
        for kind, some in now.uses.items():
            found |= {(kind, name) for name in some}
        return found

    def tags(self, template: str) -> set[str]:
        """The facets of which a template says something else."""
        was, now = (known.get(template) for known in self._templates)
        if was is None or now is None:
            return set()
        one, other = tag_lines(was, self.names), tag_lines(now, self.names)
        return {facet for facet in {**one, **other} if one.get(facet) != other.get(facet)}

    def takes(self, template: str, source: str) -> bool:
        """Whether a template takes rows of a source on both sides."""
        now = self.names.now
        old, new = (
            {(s.template.name, s.source.name) for s in graph.renders.values()}
            for graph in self.graphs
        )
        there = {(now("template", one), now("source", other)) for one, other in old}
        return (template, source) in there & new

    def by_content(self, source: str) -> bool:
        """Whether a row's key is what it says, so that another text is another row."""
        return all(stage.source.key is None for stage in self._stages(source))

    def said_whole(self, source: str) -> bool:
        """Whether some template says a row of a source as it is, with whatever fields it has."""
        return any(
            turn.messages is not None and len(turn.messages.path) == 1
            for graph in self.graphs
            for stage in graph.renders.values()
            if self.names.now("source", stage.source.name) == source
            for turn in stage.template.turns
        )

    def read(self, source: str) -> set[str]:
        """The facets that a source's fields are typed by."""
        return {
            self.names.now("facet", name)
            for stage in self._stages(source)
            for name in facets_read(stage.source.fields)
        }

    def beside(self, source: str) -> list[str]:
        """The sources that one joins or leaves out by, and those that these do."""
        found: dict[str, None] = {}
        queue = [source]
        for name in queue:
            for stage in self._stages(name):
                for one in (*stage.source.joins, *stage.source.leave_out):
                    other = self.names.now("source", one.source)
                    if other not in found and other != source:
                        found[other] = None
                        queue.append(other)
        return list(found)

    def _stages(self, source: str) -> list[g.Rows]:
        """How the plans read a source, on the sides that have it."""
        return [known[source] for known in self._sources if source in known]
