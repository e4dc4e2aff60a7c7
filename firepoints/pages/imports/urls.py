"""Pages of the import; included by pages/urls.py beside the pages of the points."""

from django.urls import path

from firepoints.pages.findings import findings, outside
from firepoints.pages.imports import columns, feedback, files, final_words, rows, runs

app_name = "imports"
FINDING = "findings/<uuid:uuid>/"
RUN = "imports/<uuid:uuid>/"
urlpatterns = [
    path("imports/", runs.run_list, name="list"),
    path("imports/new/", files.upload, name="new"),
    path("imports/columns/", columns.columns, name="columns"),
    path("imports/preview/", files.preview, name="preview"),
    path(RUN, runs.run_detail, name="run"),
    path(f"{RUN}progress.json", runs.progress, name="progress"),
    path(f"{RUN}difference/", runs.difference, name="difference"),
    path(f"{RUN}rows.xlsx", runs.rows_file, name="rows_file"),
    path(f"{RUN}rows/<int:row_no>/", rows.row_page, name="row"),
    path(f"{RUN}withdraw/", runs.withdraw, name="withdraw"),
    path(f"{RUN}feedback/", feedback.feedback_page, name="feedback"),
    path(f"{RUN}feedback/file/", feedback.feedback_file, name="feedback_file"),
    path(f"{RUN}feedback/due/", feedback.due_set, name="feedback_due"),
    path(f"{RUN}feedback/sent/", feedback.sent_register, name="feedback_sent"),
    path(f"{RUN}feedback/words/", final_words.words, name="feedback_words"),
    path(f"{RUN}feedback/word/", feedback.word_record, name="feedback_word"),
    path("findings/", findings.finding_list, name="findings"),
    path("findings/new/", findings.finding, name="finding"),
    path("findings/outside/", outside.outside_findings, name="outside_findings"),
    path("findings/outside/<int:pk>/", outside.outside_finding, name="outside_finding"),
    path(FINDING, findings.finding_page, name="finding_page"),
    path(f"{FINDING}outcome/", findings.report_end, name="report_end"),
    path(f"{FINDING}informant/", findings.informant, name="informant"),
    path("hotline/", findings.register, name="hotline"),
]
