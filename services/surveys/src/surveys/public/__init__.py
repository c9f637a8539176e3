"""The pages for citizens: the questionnaire, receipts and their proof, complaints. Plain HTML that needs no script."""
