"""The whole JDM pack written by hand a second time, in plain Python and in SQL, to hold the compiled pack against."""
