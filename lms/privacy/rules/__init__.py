"""What must hold about personal data: deadlines, requests, how long things are kept. Pure."""
