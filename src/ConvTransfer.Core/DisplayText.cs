using System.Globalization;
using System.Text;

namespace ConvTransfer.Core;

/// <summary>Makes names and numbers fit to be shown: no control characters reach a terminal, no name floods a message.</summary>
public static class DisplayText
{
    /// <summary>The length at which a name is cut, in UTF-16 units.</summary>
    public const int MaxName = 200;

    /// <summary>The text with control, format and unpaired surrogate characters as \uXXXX, cut at <see cref="MaxName"/>.</summary>
    public static string Escape(string text) => Escape(text, MaxName);

    /// <summary>The text with control, format and unpaired surrogate characters as \uXXXX, cut at <paramref name="maxLength"/> units.</summary>
    public static string Escape(string text, int maxLength)
    {
        ArgumentNullException.ThrowIfNull(text);
        bool cut = text.Length > maxLength;
        var shown = cut ? text.AsSpan(0, maxLength) : text.AsSpan();
        if (!cut && !NeedsEscape(shown)) return text;
        var result = new StringBuilder(shown.Length + 16);
        foreach (char c in shown)
        {
            if (IsHarmless(c)) result.Append(c);
            else result.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}");
        }
        if (cut) result.Append(CultureInfo.InvariantCulture, $"… ({text.Length} characters)");
        return result.ToString();
    }

    /// <summary>The first of some names in quotation marks, each as <see cref="Escape(string)"/> makes it, with commas between and "…" where more follow.</summary>
    /// <param name="names">The names.</param>
    /// <param name="most">How many are shown.</param>
    public static string List(IReadOnlyCollection<string> names, int most = 10)
    {
        ArgumentNullException.ThrowIfNull(names);
        return $"{string.Join(", ", names.Take(most).Select(n => $"'{Escape(n)}'"))}{(names.Count > most ? ", …" : "")}";
    }

    /// <summary>A number of bytes in mebibytes (2^20 bytes), with one digit behind the point and the unit.</summary>
    public static string Mebi(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:0.0} MiB");

    private static bool NeedsEscape(ReadOnlySpan<char> text)
    {
        foreach (char c in text)
            if (!IsHarmless(c)) return true;
        return false;
    }

    // Format characters hold the bidirectional overrides that can reorder what a reader sees.
    private static bool IsHarmless(char c) => char.GetUnicodeCategory(c)
        is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}
