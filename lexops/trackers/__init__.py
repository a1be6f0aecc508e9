"""Other people's ticket systems, with which incidents are kept in step."""
