"""What people take away: films, grids, numbers, reports."""
