"""Reading OCDS 1.1 packages of any size and handing them to the gateway."""
