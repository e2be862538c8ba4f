using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace ConvTransfer.Cli;

/// <summary>The options that every verb has, and the kinds of options that say their allowed range when they are given something else.</summary>
internal static class CommonOptions
{
    /// <summary>Prints one JSON object.</summary>
    public static Option<bool> Json { get; } = new("--json") { Description = "Print the result, or what went wrong, as one JSON object.", Recursive = true };

    /// <summary>Threads to compute with.</summary>
    public static Option<int> Threads { get; } = Recursive(Integer("--threads", "Threads to compute with; 0 takes one per processor.", 0, 1024, 0));

    /// <summary>Bytes that the work may take; null when it is not given.</summary>
    public static Option<long?> MemoryLimit { get; } = Recursive(new Option<long?>("--memory-limit")
    {
        Description = "Memory that weights, values and working space may take, such as 512M or 4G. Default: three quarters of what there is.",
        HelpName = "BYTES",
        CustomParser = ParseBytes,
    });

    /// <summary>The argument that names a model file.</summary>
    public static Argument<string> Model(string name = "MODEL", string description = "The ONNX file.") => new(name) { Description = description };

    /// <summary>The option that allows an existing output to be replaced.</summary>
    public static Option<bool> Force() => new("--force") { Description = "Replace the output where it exists already." };

    /// <summary>An option that takes a whole number of a range. Without a default the caller asks whether it is given.</summary>
    public static Option<int> Integer(string name, string description, int min, int max, int? standard) => new(name)
    {
        Description = $"{description} {min} to {max}.",
        HelpName = "N",
        DefaultValueFactory = standard is int value ? _ => value : null,
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) && number >= min && number <= max) return number;
            result.AddError($"{name} is '{Core.DisplayText.Escape(text)}', expected a whole number from {min} to {max}");
            return standard ?? min;
        },
    };

    /// <summary>An option that takes a whole number that seeds the random generator.</summary>
    public static Option<ulong> Seed(ulong standard = 0) => new("--seed")
    {
        Description = $"Seed of every random choice. 0 to {ulong.MaxValue}.",
        HelpName = "N",
        DefaultValueFactory = _ => standard,
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value)) return value;
            result.AddError($"--seed is '{Core.DisplayText.Escape(text)}', expected a whole number from 0 to {ulong.MaxValue}");
            return standard;
        },
    };

    /// <summary>An option that takes a finite number of a range. Without a default the caller asks whether it is given.</summary>
    public static Option<double> Number(string name, string description, double min, double max, double? standard) => new(name)
    {
        Description = description,
        HelpName = "X",
        DefaultValueFactory = standard is double value ? _ => value : null,
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && number >= min && number <= max) return number;
            result.AddError(string.Create(CultureInfo.InvariantCulture, $"{name} is '{Core.DisplayText.Escape(text)}', expected a number from {min} to {max}"));
            return standard ?? min;
        },
    };

    /// <summary>One of some words; the first is the default.</summary>
    public static Option<string> Choice(string name, string description, IEnumerable<string> choices)
    {
        string[] names = [.. choices];
        var option = new Option<string>(name) { Description = description, DefaultValueFactory = _ => names[0] };
        return option.AcceptOnlyFromAmong(names);
    }

    private static Option<T> Recursive<T>(Option<T> option)
    {
        option.Recursive = true;
        return option;
    }

    private static long? ParseBytes(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        int shift = text.Length == 0 ? 0 : char.ToUpperInvariant(text[^1]) switch { 'K' => 10, 'M' => 20, 'G' => 30, 'T' => 40, _ => 0 };
        if (long.TryParse(shift == 0 ? text : text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out long value) && value > 0 && value <= long.MaxValue >> shift) return value << shift;
        result.AddError($"--memory-limit is '{Core.DisplayText.Escape(text)}', expected a positive number of bytes, such as 536870912, 512M or 4G");
        return null;
    }
}
