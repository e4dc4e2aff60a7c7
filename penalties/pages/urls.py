"""Pages of the app."""

from django.urls import path

from penalties.pages import accounts, batches, circulars, vouchers

app_name = "penalties"
urlpatterns = [
    path("penalties/", batches.batch_list, name="list"),
    path("penalties/circulars/", circulars.circular_list, name="circulars"),
    path("penalties/circulars/make", circulars.circular_make, name="circular_make"),
    path("penalties/circulars/<int:pk>/", circulars.circular_detail, name="circular"),
    path("penalties/circulars/<int:pk>/issue", circulars.circular_issue, name="circular_issue"),
    path("penalties/circulars/<int:pk>/papers/<slug:kind>/", circulars.circular_paper, name="circular_paper"),
    path("penalties/entries/", accounts.entry_list, name="entries"),
    path("penalties/entries/<int:pk>/", accounts.entry, name="entry"),
    path("penalties/points/<int:point_id>/", accounts.account, name="account"),
    path("penalties/points/<int:point_id>/rows/<int:detection_id>/file/", accounts.account_file, name="account_file"),
    path("penalties/points/<int:point_id>/evidence/<uuid:uuid>/", accounts.account_evidence, name="account_evidence"),
    path("penalties/rules/<int:pk>/", accounts.rule, name="rule"),
    path("penalties/vouchers/", vouchers.voucher_replies, name="vouchers"),
    path("penalties/vouchers/preview/", vouchers.voucher_preview, name="vouchers_preview"),
    path("penalties/vouchers/commit/", vouchers.voucher_commit, name="vouchers_commit"),
    path("penalties/vouchers/<int:pk>/", vouchers.voucher_reply, name="voucher_reply"),
    path("penalties/build/", batches.batch_build, name="build"),
    path("penalties/<int:pk>/", batches.batch_detail, name="detail"),
    path("penalties/<int:pk>/step/<slug:step>/", batches.batch_step, name="step"),
    path("penalties/<int:pk>/documents/<int:document_id>/", batches.batch_document, name="document"),
    path("penalties/<int:pk>/draft/<slug:kind>/", batches.batch_draft, name="draft"),
]
