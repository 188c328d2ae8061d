"""Qt only: widgets and one worker; no mathematics.

Rooms are floors, the lowest first: toolkit, state, run, opening, views, inspector, exports,
training, comparison, queue, preferences, help, errors, app. A room knows those before it.
"""
