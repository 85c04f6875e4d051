# `python -m teardown` with the project's own Python. A fresh clone has none, and a plain `pulumi destroy`, which runs no
# program, would not make it.
if [ ! -x .venv/bin/python ]; then
  echo "teardown: making .venv with \`pulumi install\`" >&2
  pulumi install >&2 || exit
fi
exec .venv/bin/python -m teardown "$@"
