using System.Text.Json;
using ConvTransfer.Graphs;

namespace ConvTransfer.Training;

/// <summary>The header of a checkpoint as JSON. Doubles stand as their 64 bits, so that infinities and the last bit come through.</summary>
internal static class CheckpointHeader
{
    /// <summary>Writes the header.</summary>
    public static byte[] Write(TrainingCheckpoint checkpoint)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString("instructions", checkpoint.Fingerprint.InstructionSet);
            json.WriteString("kernels", checkpoint.Fingerprint.Kernels);
            json.WriteStartObject("fingerprint");
            foreach (var item in checkpoint.Fingerprint.Items) json.WriteString(item.Name, item.Value);
            json.WriteEndObject();
            Write(json, checkpoint.State);
            for (int kind = 0; kind < CheckpointNumbers.Kinds.Count; kind++)
            {
                json.WriteStartArray(CheckpointNumbers.Kinds[kind]);
                foreach (float[] values in checkpoint.Numbers.All[kind]) json.WriteNumberValue(values.Length);
                json.WriteEndArray();
            }
            json.WriteEndObject();
        }
        return bytes.ToArray();
    }

    /// <summary>Reads a header; null where it is not one. The lengths are those of the numbers, by kind.</summary>
    public static (TrainingFingerprint Fingerprint, TrainingState State, int[][] Lengths)? Read(ReadOnlyMemory<byte> header)
    {
        try
        {
            using var json = JsonDocument.Parse(header);
            var root = json.RootElement;
            var items = root.GetProperty("fingerprint").EnumerateObject().Select(p => new FingerprintItem(p.Name, Text(p.Value))).DistinctBy(i => i.Name).ToValueList();
            int[][] lengths = [.. CheckpointNumbers.Kinds.Select(kind => root.GetProperty(kind).EnumerateArray().Select(e => e.GetInt32()).ToArray())];
            return (new TrainingFingerprint(items, Text(root.GetProperty("instructions")), Text(root.GetProperty("kernels"))), State(root.GetProperty("state")), lengths);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    private static void Write(Utf8JsonWriter json, TrainingState state)
    {
        json.WriteStartObject("state");
        json.WriteNumber("epoch", state.Epoch);
        json.WriteNumber("batch", state.Batch);
        json.WriteNumber("losses", BitConverter.DoubleToInt64Bits(state.Losses));
        json.WriteNumber("right", state.Right);
        json.WriteNumber("steps", state.Steps);
        json.WriteNumber("optimizerSteps", state.OptimizerSteps);
        json.WriteNumber("bestLoss", BitConverter.DoubleToInt64Bits(state.BestLoss));
        json.WriteNumber("withoutGain", state.WithoutGain);
        json.WriteNumber("sinceReduction", state.SinceReduction);
        json.WriteNumber("reductions", state.Reductions);
        json.WriteBoolean("isStopped", state.IsStopped);
        json.WriteStartArray("epochs");
        foreach (var figures in state.Epochs)
        {
            json.WriteStartArray();
            foreach (double? value in (ReadOnlySpan<double?>)[figures.Loss, figures.Accuracy, figures.HeldOutLoss, figures.HeldOutAccuracy])
            {
                if (value is double number) json.WriteNumberValue(BitConverter.DoubleToInt64Bits(number));
                else json.WriteNullValue();
            }
            json.WriteEndArray();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static TrainingState State(JsonElement json) => new()
    {
        Epoch = json.GetProperty("epoch").GetInt32(),
        Batch = json.GetProperty("batch").GetInt32(),
        Losses = Number(json.GetProperty("losses")) ?? 0,
        Right = json.GetProperty("right").GetInt64(),
        Steps = json.GetProperty("steps").GetInt64(),
        OptimizerSteps = json.GetProperty("optimizerSteps").GetInt64(),
        BestLoss = Number(json.GetProperty("bestLoss")) ?? double.PositiveInfinity,
        WithoutGain = json.GetProperty("withoutGain").GetInt32(),
        SinceReduction = json.GetProperty("sinceReduction").GetInt32(),
        Reductions = json.GetProperty("reductions").GetInt32(),
        IsStopped = json.GetProperty("isStopped").GetBoolean(),
        Epochs = [.. json.GetProperty("epochs").EnumerateArray().Select(Figures)],
    };

    private static EpochFigures Figures(JsonElement json, int index)
    {
        double?[] values = [.. json.EnumerateArray().Select(Number)];
        if (values is not [double loss, double accuracy, _, _]) throw new FormatException();
        return new EpochFigures(index + 1, loss, accuracy, values[2], values[3]);
    }

    private static double? Number(JsonElement json) => json.ValueKind == JsonValueKind.Null ? null : BitConverter.Int64BitsToDouble(json.GetInt64());

    private static string Text(JsonElement json) => json.GetString() ?? "";
}
