"""`exoscale-sks comment`: writes previews as one Markdown comment on a pull request.

What a preview says is text of whoever wrote the pull request. It only gets into code spans and fences (`markdown.py`),
so that nothing of it is taken for the comment's own words.
"""
