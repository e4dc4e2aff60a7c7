"""The API's and pages' common ground: pagination, lists, exports, tags, limits, problems, schema, client addresses."""
