"""Papers: the 公文 page, the plain workbook, the reading of workbooks, files filed by content.

What a paper says is the business of the app that writes it; nothing here knows of fires, people or money.
"""
