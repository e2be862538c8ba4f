using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using ConvTransfer.Core;

namespace ConvTransfer.Imaging;

/// <summary>A recipe as JSON: one object, every key known, no key twice. Keys that are left out have the defaults of <see cref="InputRecipe"/>.</summary>
internal static class RecipeJson
{
    private const int MaxFile = 1 << 20;

    public static InputRecipe ReadFile(string path)
    {
        if (!File.Exists(path)) throw new ConvTransferException(FailureCause.DataInvalid, $"'{DisplayText.Escape(path)}' is neither the name of a recipe ({string.Join(", ", RecipeNames.All)}) nor a file");
        return Read(Encoding.UTF8.GetString(WholeFile.Read(path, "a recipe in JSON", FailureCause.DataInvalid, MaxFile)).TrimStart('\uFEFF'), path);
    }

    public static string Write(InputRecipe recipe)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            switch (recipe.Resize)
            {
                case ResizeRule.ShorterSide side:
                    json.WriteStartObject("resize");
                    json.WriteNumber("shorterSide", side.Length);
                    json.WriteEndObject();
                    break;
                case ResizeRule.Exact exact:
                    WriteSize(json, "resize", exact.Size);
                    break;
            }
            json.WriteString("filter", recipe.Filter == ResizeFilter.Cubic ? "cubic" : "linear");
            if (recipe.Crop is { } crop) WriteSize(json, "crop", crop);
            json.WriteString("channelOrder", recipe.ChannelOrder == ChannelOrder.Bgr ? "bgr" : "rgb");
            json.WriteNumber("channels", recipe.Channels);
            json.WriteString("layout", recipe.Layout == TensorLayout.Nhwc ? "nhwc" : "nchw");
            json.WriteNumber("scale", recipe.Scale);
            WriteNumbers(json, "mean", recipe.Mean);
            WriteNumbers(json, "std", recipe.Std);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    public static InputRecipe Read(string text, string? file)
    {
        ArgumentNullException.ThrowIfNull(text);
        try
        {
            using var document = JsonDocument.Parse(text);
            var recipe = new Reader(file).Recipe(document.RootElement);
            return recipe.Fault() is { } fault ? throw Failed(fault, file) : recipe;
        }
        // The second is what the parser says of an escaped half of a surrogate pair.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw Failed($"it is no JSON: {DisplayText.Escape(e.Message, 300)}", file, e);
        }
    }

    private static void WriteSize(Utf8JsonWriter json, string key, PixelSize size)
    {
        json.WriteStartObject(key);
        json.WriteNumber("height", size.Height);
        json.WriteNumber("width", size.Width);
        json.WriteEndObject();
    }

    private static void WriteNumbers(Utf8JsonWriter json, string key, ImmutableArray<double> values)
    {
        json.WriteStartArray(key);
        foreach (double value in values) json.WriteNumberValue(value);
        json.WriteEndArray();
    }

    private static ConvTransferException Failed(string message, string? file, Exception? inner = null) => new(FailureCause.DataInvalid, $"recipe: {message}", file, innerException: inner);

    private sealed class Reader(string? file)
    {
        public InputRecipe Recipe(JsonElement root)
        {
            var keys = Keys(root, "the recipe", "resize", "filter", "crop", "channelOrder", "channels", "layout", "scale", "mean", "std");
            var recipe = new InputRecipe();
            if (keys.TryGetValue("channels", out var channels)) recipe = recipe with { Channels = Integer("channels", channels) };
            if (recipe.Channels == 1) recipe = recipe with { Mean = [0], Std = [1] };
            if (keys.TryGetValue("resize", out var resize) && resize.ValueKind != JsonValueKind.Null) recipe = recipe with { Resize = Rule(resize) };
            if (keys.TryGetValue("filter", out var filter)) recipe = recipe with { Filter = Choice("filter", filter, "linear", "cubic") == 1 ? ResizeFilter.Cubic : ResizeFilter.Linear };
            if (keys.TryGetValue("crop", out var crop) && crop.ValueKind != JsonValueKind.Null) recipe = recipe with { Crop = Size("crop", Keys(crop, "crop", "height", "width")) };
            if (keys.TryGetValue("channelOrder", out var order)) recipe = recipe with { ChannelOrder = Choice("channelOrder", order, "rgb", "bgr") == 1 ? ChannelOrder.Bgr : ChannelOrder.Rgb };
            if (keys.TryGetValue("layout", out var layout)) recipe = recipe with { Layout = Choice("layout", layout, "nchw", "nhwc") == 1 ? TensorLayout.Nhwc : TensorLayout.Nchw };
            if (keys.TryGetValue("scale", out var scale)) recipe = recipe with { Scale = Number("scale", scale) };
            if (keys.TryGetValue("mean", out var mean)) recipe = recipe with { Mean = Numbers("mean", mean) };
            if (keys.TryGetValue("std", out var std)) recipe = recipe with { Std = Numbers("std", std) };
            return recipe;
        }

        private ResizeRule Rule(JsonElement value)
        {
            var keys = Keys(value, "resize", "shorterSide", "height", "width");
            if (!keys.TryGetValue("shorterSide", out var side)) return new ResizeRule.Exact(Size("resize", keys));
            if (keys.Count > 1) throw Failed("resize has a shorterSide and a height or width; it is one or the other", file);
            return new ResizeRule.ShorterSide(Integer("shorterSide", side));
        }

        private PixelSize Size(string what, Dictionary<string, JsonElement> keys)
        {
            int Side(string key) => keys.TryGetValue(key, out var value) ? Integer(key, value) : throw Failed($"{what} lacks the key '{key}'", file);
            return new PixelSize(Side("height"), Side("width"));
        }

        private Dictionary<string, JsonElement> Keys(JsonElement element, string what, params string[] known)
        {
            if (element.ValueKind != JsonValueKind.Object) throw Failed($"{what} is {Kind(element)}, expected an object", file);
            var found = new Dictionary<string, JsonElement>();
            foreach (var property in element.EnumerateObject())
            {
                string shown = DisplayText.Escape(property.Name);
                if (!known.Contains(property.Name)) throw Failed($"{what} has the unknown key '{shown}'; known are {string.Join(", ", known)}", file);
                if (!found.TryAdd(property.Name, property.Value)) throw Failed($"{what} has the key '{shown}' twice", file);
            }
            return found;
        }

        private int Integer(string key, JsonElement value) =>
            value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) ? number : throw Failed($"'{key}' is {Kind(value)}, expected a whole number", file);

        private double Number(string key, JsonElement value) =>
            value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) ? number : throw Failed($"'{key}' is {Kind(value)}, expected a number", file);

        private ImmutableArray<double> Numbers(string key, JsonElement value) =>
            value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(v => Number(key, v))] : throw Failed($"'{key}' is {Kind(value)}, expected a list of numbers", file);

        private int Choice(string key, JsonElement value, params string[] choices)
        {
            int index = value.ValueKind == JsonValueKind.String ? Array.IndexOf(choices, value.GetString()) : -1;
            return index >= 0 ? index : throw Failed($"'{key}' is {Kind(value)}, expected one of {string.Join(", ", choices)}", file);
        }

        private static string Kind(JsonElement value) => DisplayText.Escape(value.GetRawText(), 40);
    }
}
