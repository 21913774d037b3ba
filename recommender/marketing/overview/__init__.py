"""Overview: one page about a shop: coverage, reasons, traffic between domains, trends, what is out of date."""
