"""Real mailbox servers and filters behind real mail servers: where does each copy end?"""
