"""What every app stands on and no app owns: no models, no rules of the policy."""
