"""A notebook as a pipeline: cells become blocks, variables become what they hand on."""
