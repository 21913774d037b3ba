"""What a workspace answers for: objectives, certificates, suspicious accounts."""
