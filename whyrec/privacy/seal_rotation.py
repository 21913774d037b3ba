"""Another key to seal a workspace to: what is sealed as a whole, the logs, and the answers in them."""

from contextlib import closing
from pathlib import Path

from kg.privacy.seal_key import LOG_KEY, public_key
from kg.privacy.sealing import rotate
from kg.workspace.workspace import SEALED, Workspace
from whyrec.events.answers import AnswerLog
from whyrec.events.database import encrypt_logs, rekey_logs


def rotate_seal(workspace: Workspace) -> None:
    """Seal to the key in ``WHYREC_SEAL_KEY`` from now on; what is sealed, to that in ``…_OLD``, is sealed anew.

    :raises UsageError: where a key is missing or another one.
    :raises WorkspaceError: where kept answers are sealed to a key that is not in the environment; nothing was changed.
    """
    folder, public = workspace.folder / "service", public_key()
    if not (workspace.folder / SEALED).exists():
        encrypted = (workspace.folder / LOG_KEY).exists()
        encrypt_logs(workspace.folder, public)
        if folder.is_dir():
            with closing(AnswerLog(folder, public)) as log:
                log.seal_again()
        if encrypted:
            rekey_logs(workspace.folder, public)

    def renewed(aside: Path) -> None:
        """Answers of a sealed workspace, sealed to the new key."""
        with closing(AnswerLog(aside / "service", public)) as log:
            log.seal_again()

    rotate(workspace, renewed)
