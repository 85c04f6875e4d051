# What the states of earlier programs call, from the project's folder. A fresh clone has no Python of its own yet, and a
# plain `pulumi destroy`, which runs no program, would not install it.
if [ ! -x .venv/bin/python ]; then
  echo "teardown: making .venv with \`pulumi install\`" >&2
  pulumi install >&2 || exit
fi
exec .venv/bin/python -m components "$@"
