"""The frame of every page: navigation, the site's context, sign-in by token."""
