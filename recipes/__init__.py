"""Ready recipes. Data, no code: `cotloom build NAME` finds NAME.yaml here."""
