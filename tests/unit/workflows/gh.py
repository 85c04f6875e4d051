"""Stands in for `gh`: answers from the file GH_STORE as GitHub would, and records every call and comment there."""

import json
import os
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

BOT = "github-actions[bot]"


def main(arguments: list[str]) -> int:
    """Does what one call asks for."""
    file = Path(os.environ["GH_STORE"])
    store = json.loads(file.read_text())
    store["calls"].append(arguments)
    options = dict(pairwise(arguments))
    fields = dict(one.split("=", 1) for flag, one in pairwise(arguments) if flag in ("-f", "-F"))
    status = 0
    if arguments[:2] == ["run", "list"]:
        assert options["--status"] == "completed"
        assert options["--event"] == "pull_request"
        print_filtered([run for run in store["runs"] if run["headSha"] == options["--commit"]], options["--jq"])
    elif arguments[:2] == ["run", "download"]:
        status = download(store["runs"], arguments[2], Path(options["--dir"]))
    else:
        (path,) = (one for one in arguments if one.startswith(f"repos/{os.environ['GH_REPO']}/"))
        api(store, path.split("/")[3:], options, fields)
    file.write_text(json.dumps(store))
    return status


def api(store: dict[str, Any], path: list[str], options: dict[str, str], fields: dict[str, str]) -> None:
    """Answers `gh api`."""
    match [options.get("--method", "GET"), *path]:
        case ["GET", "pulls"]:
            pulls = [
                pull for pull in store["pulls"] if (pull["label"], pull["state"]) == (fields["head"], fields["state"])
            ]
            print_filtered(pulls, options["--jq"])
        case ["GET", "issues", number, "comments"]:
            print_filtered([one for one in store["comments"] if one["number"] == int(number)], options["--jq"])
        case ["POST", "issues", number, "comments"]:
            made = {"id": 100 + len(store["comments"]), "number": int(number), "user": {"login": BOT}}
            store["comments"].append({**made, "body": body(fields)})
        case ["PATCH", "issues", "comments", id_]:
            (edited,) = (one for one in store["comments"] if one["id"] == int(id_))
            assert edited["user"]["login"] == BOT
            edited["body"] = body(fields)


def body(fields: dict[str, str]) -> str:
    """What `-F body=@file` sends."""
    assert fields["body"].startswith("@")
    return Path(fields["body"][1:]).read_text()


def download(runs: list[dict[str, Any]], run: str, folder: Path) -> int:
    """Copies a run's files, or fails where it has none, as `gh` does."""
    (files,) = (one["files"] for one in runs if str(one["databaseId"]) == run)
    if not files:
        return 1
    shutil.copytree(files, folder, symlinks=True)
    return 0


def print_filtered(found: list[dict[str, Any]], expression: str) -> None:
    """`gh --jq` is jq; it prints strings without quotes."""
    subprocess.run(("jq", "-r", expression), input=json.dumps(found), text=True, check=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
