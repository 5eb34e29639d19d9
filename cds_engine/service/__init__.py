"""The door for other programs and for a browser: CDS Hooks, REST and a page, over HTTP."""
