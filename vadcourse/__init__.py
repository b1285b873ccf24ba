"""What only the course needs: exercises with checks, the quiz, its own widgets, the doctor."""
