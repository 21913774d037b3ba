"""Why an item is recommended: shares, paths and the sentences that tell them."""
