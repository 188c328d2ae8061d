"""Images, rows of tables and their labels: from files, folders and torchvision; as pixels."""
