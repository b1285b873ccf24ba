"""What only the course needs: exercises with checks, the quiz, the widgets of single notebooks, the doctor."""
