"""What everything stands on: errors, files, options, words, colours; knows nothing of networks."""
