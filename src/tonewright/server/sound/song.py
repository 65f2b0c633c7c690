"""A song or a reference that has arrived, as the engine takes it."""

from contextlib import ExitStack

from tonewright.base.files import Tags
from tonewright.base.progress import NoProgress, Progress
from tonewright.engine.analyze import Analysis, analysis_of
from tonewright.engine.facts import gather
from tonewright.engine.make import Heard
from tonewright.engine.recipe import Fingerprint
from tonewright.engine.reference import ReferenceFacts
from tonewright.server.sound.jobs import ReferenceFile, SongTags
from tonewright.server.sound.work_file import WorkFile


def heard(work: WorkFile, progress: Progress | None = None) -> Heard:
    """The song as arrive heard it; heard again where that was another version of the engine.

    The fingerprint is the source's, whose samples the work file holds, so a recipe names the file that was sent in.
    """
    fingerprint = Fingerprint(
        sha256=work.digest(), rate_hz=work.rate_hz, channels=work.channels, frames=work.frames
    )
    return Heard(work, analysis(work, progress), fingerprint, work.info)


def analysis(work: WorkFile, progress: Progress | None = None) -> Analysis:
    facts = work.facts()
    return analysis_of(gather(work, work.info, progress or NoProgress()) if facts is None else facts)


def references(files: tuple[ReferenceFile, ...], stack: ExitStack) -> list[ReferenceFacts]:
    """What matters of the references; their files are open for as long as the stack is."""
    return [
        ReferenceFacts(file.name, file.weight, analysis(stack.enter_context(WorkFile(file.path)))) for file in files
    ]


def tags(given: SongTags, work: WorkFile) -> Tags:
    """The tags of a file made from a song: what its owner says, and below that what the source said."""
    return Tags(**given.model_dump()).over(work.tags)
