using System.Text.Json;
using System.Text.Json.Nodes;
using ConvTransfer.Pipelines;

namespace ConvTransfer.Cli;

/// <summary>Parts of the JSON that several verbs about pictures print.</summary>
internal static class VerbJson
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n" };

    /// <summary>The figures as an object of their own.</summary>
    public static JsonObject Figures(string figures) => JsonNode.Parse(figures)!.AsObject();

    /// <summary>What a fine-tuning takes; bytes in all, and of its parts.</summary>
    public static JsonObject Plan(FineTunePlan plan) => new()
    {
        ["weights"] = plan.Training.TrainedWeights,
        ["networkTensors"] = plan.Scope.Weights,
        ["networkTensorsTrained"] = plan.Scope.Trained,
        ["networkTensorsFrozen"] = plan.Scope.Frozen,
        ["bytes"] = plan.Bytes,
        ["activationBytes"] = plan.Training.ActivationBytes,
        ["gradientBytes"] = plan.Training.GradientBytes,
        ["optimizerBytes"] = plan.Training.OptimizerBytes,
        ["frozenBytes"] = plan.FrozenBytes,
        ["keptBytes"] = plan.KeptBytes,
        ["cacheMemoryBytes"] = plan.CacheMemoryBytes,
        ["cacheDiskBytes"] = plan.CacheDiskBytes,
        ["multiplyAddsPerEpoch"] = plan.Training.MultiplyAddsPerEpoch(plan.Pictures),
        ["frozenMultiplyAddsPerView"] = plan.FrozenMultiplyAdds,
    };

    /// <summary>What is frozen in a fine-tuned network.</summary>
    public static JsonObject Frozen(FineTunedModel tuned) => new() { ["names"] = JsonItems.Texts(tuned.FrozenWeights), ["sha256"] = tuned.FrozenHash };

    /// <summary>The bytes of a file with an object on lines of its own.</summary>
    public static byte[] File(JsonObject json) => System.Text.Encoding.UTF8.GetBytes($"{json.ToJsonString(Indented)}\n");

    /// <summary>Pictures that were left out.</summary>
    public static JsonArray Skipped(IEnumerable<SkippedImage> skipped) => new([.. skipped.Select(s => (JsonNode)new JsonObject { ["file"] = s.File, ["reason"] = s.Reason })]);

    /// <summary>What a model says about a picture. Scores that are not finite, for which JSON has no number, are null.</summary>
    public static JsonObject Prediction(Prediction prediction)
    {
        var scores = new JsonObject();
        for (int c = 0; c < prediction.Labels.Count; c++) scores[prediction.Labels[c]] = float.IsFinite(prediction.Scores[c]) ? JsonValue.Create(prediction.Scores[c]) : null;
        return new JsonObject { ["file"] = prediction.File, ["label"] = prediction.Label, ["scores"] = scores };
    }
}
