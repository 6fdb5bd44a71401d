"""How much a site of so many people needs: a model, with the figures of docs/performance.md where
something was measured. docs/scale.md explains it.

measured.py   the figures, read from that page
model.py      what follows from them
sheet.py      as rows for people
"""
