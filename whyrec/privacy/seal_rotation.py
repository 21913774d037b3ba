"""Another key to seal a workspace to: what is sealed as a whole, and the answers that the service keeps sealed."""

from contextlib import closing

from kg.privacy.seal_key import public_key
from kg.privacy.sealing import rotate
from kg.workspace.workspace import Workspace
from whyrec.events.answers import AnswerLog


def rotate_seal(workspace: Workspace) -> None:
    """Seal to the key in ``WHYREC_SEAL_KEY`` from now on; what is sealed, to that in ``…_OLD``, is sealed anew.

    :raises UsageError: where a key is missing or another one.
    :raises WorkspaceError: where kept answers are sealed to a key that is not in the environment; nothing was changed.
    """
    folder = workspace.folder / "service"
    if folder.is_dir():
        with closing(AnswerLog(folder, public_key())) as log:
            log.seal_again()
    rotate(workspace)
