-- id: billing.invoice-number-gap
-- code: INV-10
-- title: Gap in the invoice number sequence
-- area: billing
-- rows: findings
-- key: before_gap
-- text: Numbers between {before_gap} and {after_gap} are missing
-- severity: warning
-- every: 1h
-- timeout: 30s
-- attempts: 1
-- meaning: A missing number is a deleted or hidden invoice until somebody shows otherwise.
-- why: Who cannot account for every number has to expect that the tax office estimates the revenue.
-- mend: Look for the deletion in the audit log and document the reason; restore the document from a
--   backup if it was issued.
-- source: Sequential, unique invoice numbers are required by tax law in many countries (EU VAT
--   Directive, Art. 226)
-- fault: in the demo firm: A credit note was deleted; its number is missing
SELECT before_gap, after_gap
FROM (SELECT seq_no AS before_gap, LEAD(seq_no) OVER (ORDER BY seq_no) AS after_gap FROM lx_invoice) x
WHERE after_gap > before_gap + 1
