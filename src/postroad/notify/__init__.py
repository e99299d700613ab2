"""Letters out: by e-mail through a submission server or the local `sendmail`, and to webhooks."""
