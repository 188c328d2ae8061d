"""Files on their way in: asked for, dropped, read on a thread, taken over."""
