"""What everything stands on: errors, files, options, words; knows nothing of networks."""
