"""Session Manager's data channel: what a session-manager-plugin talks to, and a stand-in for the plugin."""
