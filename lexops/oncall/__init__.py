"""Who is on call: rotas of layers, overrides, gaps found ahead."""
