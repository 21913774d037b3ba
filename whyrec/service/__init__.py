"""The service: REST, console, events and monitoring over one or several engines."""
